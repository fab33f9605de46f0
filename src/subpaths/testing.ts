export { DRIVER_CONFORMANCE, type DriverConformanceCase, type DriverConformanceContext } from '../testing/driver-conformance.js';

export { DRIVER_CONFORMANCE, type DriverConformanceCase, type DriverConformanceContext } from '../testing/driver-conformance.js';
export { STORE_CONFORMANCE, type StoreConformanceCase, type StoreConformanceContext } from '../testing/store-conformance.js';

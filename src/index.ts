export { BusbarError, ERROR_CODES, type ErrorCode } from './errors.js';

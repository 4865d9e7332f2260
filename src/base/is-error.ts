/** Whether it is an error: also one of another realm, in which test runners such as Jest run what they test. */
export const isError = (value: unknown): value is Error =>
  value instanceof Error || Object.prototype.toString.call(value) === '[object Error]';

/** The little of WebAssembly that is used here; Node has it, its types and the ES library do not. */
export interface WebAssemblyApi {
  compile(bytes: Uint8Array): Promise<WebAssemblyModule>;
  instantiate(module: WebAssemblyModule, imports: object): Promise<object>;
}

/** Compiled code. It can be posted to a worker, which shares it instead of compiling it again. */
export interface WebAssemblyModule {
  readonly [brand]: true;
}
declare const brand: unique symbol;

export const webAssembly: WebAssemblyApi = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly;

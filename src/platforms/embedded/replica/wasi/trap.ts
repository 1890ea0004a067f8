/** The two ways in which a function of the host does not return: the guest gets an error value, or it ends. */

/**
 * The `err` of a WASI `result`; whoever binds the host to a guest turns it into a value. `payload` is its case. It is thrown, but
 * no `Error`: each body ends with one ("closed"), and a stack trace costs as much as a third of a whole request.
 */
export class Refusal {
  readonly payload: unknown;

  constructor(payload: unknown) {
    this.payload = payload;
  }
}

/** The guest broke a rule of the interface: it is ended as by an `unreachable` of its own. */
export class Trap extends Error {}

/** The guest asked to end. In a service that is as wrong as a trap: nobody would answer the next request. */
export class ServiceExit extends Trap {
  constructor(code: number) {
    super(`the service called exit with code ${code}`);
  }
}

import { BusbarError } from '../../errors.js';
import type { SqlTransaction, SqlValue } from '../store.js';
import type { Connection } from './connection.js';

/** Statements that begin or end a transaction, behind any white space and comments. */
const CONTROL =
  /^(?:\s|;|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*(?:begin|commit|end|rollback|savepoint|release|attach|detach|vacuum|pragma)\b/i;

/** What a work may do. It ends with the work, so that a forgotten callback cannot write into another record's transaction. */
export class WorkTransaction implements SqlTransaction {
  readonly #connection: Connection;
  #over = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  run(sql: string, ...values: SqlValue[]): { readonly changes: number } {
    this.#check(sql);
    return { changes: this.#connection.run(sql, values) };
  }

  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    this.#check(sql);
    return this.#connection.first<Row>(sql, values);
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    this.#check(sql);
    return this.#connection.all<Row>(sql, values);
  }

  end(): void {
    this.#over = true;
  }

  #check(sql: string): void {
    if (this.#over) throw new BusbarError('ATTEMPT_OVER', 'the transaction was used after its work had returned');
    if (!CONTROL.test(sql)) return;
    throw new BusbarError(
      'TRANSACTION_CONTROL',
      `a work may not begin, end or leave its transaction; this was refused: ${sql.trim().slice(0, 40)}`,
    );
  }
}

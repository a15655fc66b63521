import type { MessagePort } from 'node:worker_threads'

/** What the hub's thread asks of the one that holds the connection. */
export type LinkRequest =
  | ({ readonly kind: 'statement' } & StatementRequest)
  /** Statements without parameters or rows, as one text. */
  | { readonly kind: 'script'; readonly text: string; readonly isFirst: boolean }
  /** Become the one that leads, if nobody does; answers with the term, or no row. */
  | { readonly kind: 'lead'; readonly address: string }
  | { readonly kind: 'close' }

export interface StatementRequest {
  readonly text: string
  /** With the type of every parameter; tried when the server cannot infer them. Left out once it is known which works. */
  readonly typed?: string
  readonly values: readonly unknown[]
  /** How the transaction around it stands: one that is open, none, or one to be made for this statement alone. */
  readonly transaction: 'open' | 'none' | 'own'
}

/** What came back. */
export type LinkAnswer =
  | ({ readonly ok: true } & StatementAnswer)
  | { readonly ok: false; readonly failure: LinkFailure }

export interface StatementAnswer {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  readonly changes: number
  /** The server's own word for what it did last, such as COMMIT. */
  readonly did: string
  /** The text with types was needed. */
  readonly typed: boolean
}

export interface LinkFailure {
  /**
   * Five letters of PostgreSQL (Appendix A); `lost` when the connection broke; `deposed` when another hub led in between, after
   * which nothing more is done.
   */
  readonly sqlState: string
  readonly message: string
  /** The connection broke while a commit was under way. */
  readonly inCommit: boolean
}

/** What the thread is started with. */
export interface LinkWorkerData {
  readonly url: string
  readonly port: MessagePort
  /** One cell: 1 when an answer lies in the port. */
  readonly signal: SharedArrayBuffer
  /** Of the leadership that the thread before this one had; undefined for a hub that does not lead. */
  readonly term: number | undefined
}

import { createHash } from 'node:crypto'
import pg from 'pg'
import type { LinkAnswer, LinkFailure, LinkRequest, StatementAnswer, StatementRequest } from './messages.ts'

/**
 * Beginning of every transaction: the lock makes them one after the other, of whichever process, as SQLite's BEGIN IMMEDIATE
 * does. It is "LEADHUB" as a number, and given back by the server with the end of the transaction.
 */
export const BEGIN_ALONE = 'BEGIN; SELECT pg_advisory_xact_lock(21472371230757186)'

/** Held for as long as its connection lives: who has it leads. "LEADLEAD" as a number, cut to what fits. */
const TRY_TO_LEAD = 'SELECT pg_try_advisory_lock(21472371230758212)'
const NEXT_TERM = `INSERT INTO leadglass_leader (one, term, address) VALUES (1, 1, $1)
  ON CONFLICT (one) DO UPDATE SET term = leadglass_leader.term + 1, address = excluded.address RETURNING term`
const READ_TERM = 'SELECT term FROM leadglass_leader'

/** The commit is on disk when it returns; a lock is waited for as long as SQLite's busy time-out. */
const SESSION = `SET synchronous_commit = on; SET lock_timeout = '5s'; SET client_min_messages = warning;
  SET search_path = leadglass_hub, pg_catalog; SET bytea_output = hex; SET timezone = 'UTC';
  SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3; SET tcp_user_timeout = '20s'`
const CONNECT_TIMEOUT_MS = 10_000
const STATEMENT_TIMEOUT_MS = 60_000
/** Statements that the server keeps prepared for this connection; later ones are parsed at each use. */
const PREPARED = 2000

const BOOL = 16
const INT8 = 20
const NUMERIC = 1700
/** undefined_function, ambiguous_function, indeterminate_datatype, datatype_mismatch, invalid_text_representation. */
const UNTYPED = new Set(['42883', '42725', '42P18', '42804', '22P02', '42P08'])

/** One connection to PostgreSQL, made anew when it broke. */
export class LinkConnection {
  readonly #url: string
  #client: pg.Client | undefined
  /** Of this connection's leadership; undefined for a hub that does not lead. */
  #term: number | undefined
  #isDeposed = false
  readonly #names = new Map<string, string>()

  /** @param term of the leadership that a connection before this one had. */
  constructor(url: string, term?: number) {
    this.#url = url
    this.#term = term
  }

  /** Does what is asked; never throws. */
  async answer(request: LinkRequest): Promise<LinkAnswer> {
    let inCommit = false
    const committing = (): void => {
      inCommit = true
    }
    try {
      if (request.kind === 'close') {
        await this.#drop()
        return { ok: true, ...NOTHING }
      }
      if (request.kind === 'lead') return { ok: true, ...(await this.#lead(request.address)) }
      if (request.kind === 'statement') return { ok: true, ...(await this.#statement(request, committing)) }
      if (/^\s*COMMIT\s*$/i.test(request.text)) committing()
      return { ok: true, ...(await this.#script(request.text, request.isFirst)) }
    } catch (error) {
      const failure = this.#isDeposed
        ? { sqlState: 'deposed', message: 'another hub has led since the connection broke', inCommit: false }
        : failureOf(error, inCommit)
      if (failure.sqlState === 'lost') await this.#drop()
      return { ok: false, failure }
    }
  }

  async #statement(request: StatementRequest, committing: () => void): Promise<StatementAnswer> {
    if (request.transaction !== 'own') return this.#typed(request)
    try {
      await this.#script(BEGIN_ALONE, true)
      const answer = await this.#typed(request)
      committing()
      await this.#script('COMMIT')
      return answer
    } catch (error) {
      await this.#script('ROLLBACK').catch(() => undefined)
      throw error
    }
  }

  /** Tries the statement without types first; a savepoint keeps the transaction whole when they turn out to be needed. */
  async #typed(request: StatementRequest): Promise<StatementAnswer> {
    const inTransaction = request.transaction !== 'none'
    if (request.typed === undefined) return this.#query(request.text, request.values, !inTransaction)
    if (inTransaction) await this.#script('SAVEPOINT leadglass_try')
    try {
      const answer = await this.#query(request.text, request.values, !inTransaction)
      if (inTransaction) await this.#script('RELEASE SAVEPOINT leadglass_try')
      return answer
    } catch (error) {
      const state = failureOf(error, false).sqlState
      // A fraction for a column of integers is an error in SQLite, too; a cast would round it.
      const mayCast = UNTYPED.has(state) && (state !== '22P02' || /^\s*(?:SELECT|WITH)\b/i.test(request.text))
      if (!mayCast) throw error
      if (inTransaction) await this.#script('ROLLBACK TO SAVEPOINT leadglass_try')
      return { ...(await this.#query(request.typed, request.values, !inTransaction)), typed: true }
    }
  }

  async #query(text: string, values: readonly unknown[], isFirst: boolean): Promise<StatementAnswer> {
    const client = await this.#connected(isFirst)
    const name = this.#nameOf(text)
    const result = await client.query<unknown[]>({
      text,
      values: [...values],
      rowMode: 'array',
      types: { getTypeParser: typeParser },
      ...(name === undefined ? {} : { name }),
    })
    return {
      columns: result.fields.map((field) => field.name),
      rows: result.rows.map((row) => row.map(whole)),
      changes: result.rowCount ?? 0,
      did: result.command,
      typed: false,
    }
  }

  /** @param isFirst nothing stands before it in its transaction, so that a new connection is as good as the old one. */
  async #script(text: string, isFirst = false): Promise<StatementAnswer> {
    const client = await this.#connected(isFirst)
    const result: unknown = await client.query(text)
    const last = Array.isArray(result) ? (result.at(-1) as pg.QueryResult | undefined) : (result as pg.QueryResult)
    return { ...NOTHING, did: last?.command ?? '' }
  }

  async #connected(mayConnect: boolean): Promise<pg.Client> {
    if (this.#client !== undefined) return this.#client
    // On a new connection the rest of a broken transaction would be committed alone.
    if (!mayConnect) throw new Error('the connection broke within a transaction')
    const client = new pg.Client({
      connectionString: this.#url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'leadglass-hub',
    })
    const lost = (): void => {
      if (this.#client === client) this.#client = undefined
    }
    client.on('error', lost)
    client.on('end', lost)
    await client.connect()
    await client.query(SESSION)
    await this.#leadOn(client)
    this.#client = client
    return client
  }

  async #lead(address: string): Promise<StatementAnswer> {
    const client = await this.#connected(true)
    if (this.#term === undefined && !(await isGranted(client))) return NOTHING
    const { rows } = await client.query<{ term: string }>(NEXT_TERM, [address])
    this.#term = Number(rows[0]?.term)
    return { ...NOTHING, columns: ['term'], rows: [[this.#term]] }
  }

  /**
   * On a new connection, a hub that led leads on only if nobody did in between: what it remembers may be old otherwise, and two
   * would act at once.
   */
  async #leadOn(client: pg.Client): Promise<void> {
    if (this.#term === undefined) return
    const isFree = !this.#isDeposed && (await isGranted(client))
    const { rows } = isFree ? await client.query<{ term: string }>(READ_TERM) : { rows: [] }
    if (Number(rows[0]?.term) === this.#term) return
    this.#isDeposed = true
    await client.end().catch(() => undefined)
    throw new Error('deposed')
  }

  async #drop(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.end().catch(() => undefined)
  }

  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text)
    if (known !== undefined || this.#names.size >= PREPARED) return known
    const name = createHash('sha256').update(text).digest('base64url').slice(0, 24)
    this.#names.set(text, name)
    return name
  }
}

async function isGranted(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ pg_try_advisory_lock: boolean }>(TRY_TO_LEAD)
  return rows[0]?.pg_try_advisory_lock === true
}

const NOTHING: StatementAnswer = { columns: [], rows: [], changes: 0, did: '', typed: false }

/** Bytes of their own: a piece of Node's pool would take the whole pool along to the other thread. */
function whole(value: unknown): unknown {
  return Buffer.isBuffer(value) ? new Uint8Array(value) : value
}

/** Numbers as SQLite gives them: 64 bits stay far below 2^53 in the hub, and what is true is 1. */
function typeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === INT8 || oid === NUMERIC) return Number
  if (oid === BOOL) return (value) => (value === 't' ? 1 : 0)
  return (format === 'binary' ? pg.types.getTypeParser(oid, format) : pg.types.getTypeParser(oid)) as (
    value: string,
  ) => unknown
}

function failureOf(error: unknown, inCommit: boolean): LinkFailure {
  if (!(error instanceof pg.DatabaseError)) return { sqlState: 'lost', message: messageOf(error), inCommit }
  const state = error.code ?? 'XX000'
  // Class 08 and 57P0x: the server ended the connection (PostgreSQL, Appendix A).
  const isLost = state.startsWith('08') || /^57P0[1-5]$/.test(state)
  return { sqlState: isLost ? 'lost' : state, message: error.message, inCommit }
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ')
  return error instanceof Error ? error.message : String(error)
}

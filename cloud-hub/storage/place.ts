import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { HubDatabaseError } from './synchronous/errors.ts'

/** Where PostgreSQL is. A password does not belong into it: it is found in PGPASSFILE, or the operating system answers (peer). */
export const postgresUrl = z.string().regex(/^postgres(?:ql)?:\/\/\S+$/)

const placeFile = z.strictObject({ schema: z.literal('leadglass.hub-database/1'), url: postgresUrl })

/** Where a hub's database stands. */
type HubDatabasePlace =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly url: string }

/** The database as the configuration names it. */
type ConfiguredDatabase =
  | { readonly kind: 'sqlite' }
  | { readonly kind: 'postgres' | 'postgres-inbox'; readonly url: string }

/** The file in a hub's folder that says that its database is on PostgreSQL; without it, it is `hub.db`. */
export function placeFileOf(folder: string): string {
  return join(folder, 'database.json')
}

/** The file that says that the inbox of this hub has been on PostgreSQL, apart from the rest. */
export function inboxMarkOf(folder: string): string {
  return join(folder, 'postgres-inbox.json')
}

/** `hub.db` of a hub's folder. */
export function sqlitePathOf(folder: string): string {
  return join(folder, 'hub.db')
}

/** Where the database of the hub in a folder stands. Commands and the hub itself ask here, so that both mean the same one. */
export function readPlace(folder: string): HubDatabasePlace {
  const file = placeFileOf(folder)
  if (!existsSync(file)) return { kind: 'sqlite', path: sqlitePathOf(folder) }
  return { kind: 'postgres', url: placeFile.parse(JSON.parse(readFileSync(file, 'utf8'))).url }
}

/** Says that the database is on PostgreSQL from now on. */
export async function writePlace(folder: string, url: string): Promise<void> {
  const file = placeFile.parse({ schema: 'leadglass.hub-database/1', url })
  await writeFileAtomically(placeFileOf(folder), `${JSON.stringify(file, null, 2)}\n`)
}

/**
 * Holds the configuration against the folder. A hub that came up beside its own records, in an empty database, would forget
 * every device and every acknowledgement: it does not start.
 * @throws {HubDatabaseError} `not-moved` or `other-database`.
 */
export async function settlePlace(folder: string, configured: ConfiguredDatabase): Promise<void> {
  const place = readPlace(folder)
  if (configured.kind === 'sqlite') return
  if (configured.kind === 'postgres-inbox') {
    if (place.kind === 'sqlite') {
      // Its envelopes are not in hub.db: a move of that file alone would forget what was acknowledged.
      await writeFileAtomically(inboxMarkOf(folder), '{"inbox":"postgres"}\n')
      return
    }
    throw new HubDatabaseError('other-database', 'the whole hub is on PostgreSQL already, not its inbox alone')
  }
  if (place.kind === 'postgres') {
    if (place.url === configured.url) return
    throw new HubDatabaseError('other-database', 'the configuration names another database than database.json')
  }
  if (existsSync(place.path)) throw new HubDatabaseError('not-moved', 'the hub has its records in hub.db')
  await writePlace(folder, configured.url)
}

import { randomUUID } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { placeFileOf } from '../storage/place.ts'
import { PostgresDatabase } from '../storage/synchronous/database.ts'

/** Address of a PostgreSQL server with a migrated database of this name: then every hub of a test is on it. */
const SERVER = process.env.LEADGLASS_TEST_POSTGRES
export const TEMPLATE = 'leadglass_template'

/** Whether this run of the tests is the one on PostgreSQL. */
export const isOnPostgres = SERVER !== undefined

/**
 * Decides where a hub that a test makes in `folder` has its records: in `hub.db`, or, in the run on PostgreSQL, in a database of
 * its own. To be called before anything opens it; a folder that has one already keeps it.
 */
export function placeTestHub(folder: string): void {
  if (SERVER === undefined || existsSync(placeFileOf(folder))) return
  const url = addDatabase(SERVER, TEMPLATE)
  writeFileSync(placeFileOf(folder), JSON.stringify({ schema: 'leadglass.hub-database/1', url }))
}

/** A new database on a server. @param template the one of which it is a copy. @returns its address. */
export function addDatabase(server: string, template = 'template0'): string {
  const name = `hub_${randomUUID().replaceAll('-', '')}`
  const administration = new PostgresDatabase(server)
  try {
    administration.native(`CREATE DATABASE ${name} TEMPLATE ${template}`)
  } finally {
    administration.close()
  }
  return databaseAt(server, name)
}

/** The address of another database on the same server. */
export function databaseAt(server: string, name: string): string {
  return server.replace(/\/[^/?]*(?=\?|$)/, `/${name}`)
}

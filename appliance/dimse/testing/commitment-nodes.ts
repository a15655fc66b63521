import { type Clock, type Logger, silentLogger, systemClock, systemRandomness } from '@leadglass/sync-agent/foundation'
import { openDatabase } from '@leadglass/sync-agent/foundation/database'
import { CommitmentProvider, type CommitmentProviderLimits, type RequesterDirectory } from '../commitment/provider.ts'
import type { Holding } from '../commitment/rules.ts'
import { COMMITMENT_SCHEMA_SQL } from '../commitment/schema.ts'
import { SqliteCommitmentStore } from '../commitment/sqlite-store.ts'
import type { SettledRequest } from '../commitment/store.ts'
import { CommitmentUser, type CommitmentUserLimits } from '../commitment/user.ts'
import type { Destination } from '../requester/options.ts'
import { AssociationRequester } from '../requester/requester.ts'

/** A commitment database of its own; `:memory:` or a file, to be opened again after a "restart". */
export function openCommitmentDatabase(path = ':memory:') {
  return openDatabase({ path, migrations: [{ number: 1, name: 'commitment', sql: COMMITMENT_SCHEMA_SQL }] })
}

/** An SCP over a store, quick enough for tests. `held` answers by SOP Instance UID. */
export function provider(
  database: ReturnType<typeof openCommitmentDatabase>,
  held: (sopClassUid: string, sopInstanceUid: string) => Holding,
  directory: RequesterDirectory,
  options: { clock?: Clock; limits?: Partial<CommitmentProviderLimits>; logger?: Logger } = {},
): CommitmentProvider {
  return new CommitmentProvider({
    store: new SqliteCommitmentStore(database),
    holdings: { holds: async (sopClassUid, sopInstanceUid) => held(sopClassUid, sopInstanceUid) },
    directory,
    requester: new AssociationRequester(),
    clock: options.clock ?? systemClock,
    randomness: systemRandomness,
    logger: options.logger ?? silentLogger,
    limits: { reportDelayMs: 30, pollMs: 20, ...options.limits },
  })
}

/** An SCU over a store, with the list of what it was told. */
export function user(
  database: ReturnType<typeof openCommitmentDatabase>,
  options: { clock?: Clock; limits?: Partial<CommitmentUserLimits> } = {},
): { user: CommitmentUser; settled: SettledRequest[] } {
  const settled: SettledRequest[] = []
  return {
    settled,
    user: new CommitmentUser({
      store: new SqliteCommitmentStore(database),
      requester: new AssociationRequester(),
      onSettled: (request) => {
        settled.push(request)
      },
      clock: options.clock ?? systemClock,
      randomness: systemRandomness,
      logger: silentLogger,
      limits: { pollMs: 20, holdOpenMs: 100, ...options.limits },
    }),
  }
}

/** How a node on this machine is called. */
export function nodeAt(port: number, calledAeTitle: string, callingAeTitle = 'LEADGLASS'): Destination {
  return { host: '127.0.0.1', port, calledAeTitle, callingAeTitle }
}

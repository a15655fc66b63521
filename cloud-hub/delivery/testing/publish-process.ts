import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { approvalPolicy } from '@leadglass/sync-agent/contract'
import { ManualClock, silentLogger } from '@leadglass/sync-agent/foundation'
import { readOnlineKeys } from '../online-keys.ts'
import { ReleaseService } from '../release-service.ts'
import { FolderRepositoryFiles } from '../repository-files.ts'
import { RepositoryWriter } from '../repository-writer.ts'
import { ANY_CARD, NO_PLAN, openRecords, START } from './hub-fixture.ts'

/** What a hub does at its start, in a process of its own: `node publish-process.ts <folder>` finishes what is approved. */
const [, , folder = ''] = process.argv
const clock = new ManualClock(START)
const { database, governance, registry } = openRecords(folder, clock)
const service = new ReleaseService({
  governance,
  registry,
  cards: ANY_CARD,
  changes: NO_PLAN,
  writer: new RepositoryWriter({
    files: new FolderRepositoryFiles({ folder: join(folder, 'repository') }),
    keys: await readOnlineKeys(join(folder, 'secrets', 'online-keys.json')),
    clock,
  }),
  policy: approvalPolicy.parse(JSON.parse(readFileSync(join(folder, 'policy.json'), 'utf8'))),
  clock,
  logger: silentLogger,
})
await service.resume()
process.stdout.write(`open ${governance.openProposals().length}`)
database.close()

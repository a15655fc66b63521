import { readFileSync } from 'node:fs'
import { approvalPolicy } from '../../contract/index.ts'
import { ManualClock, silentLogger } from '../../foundation/index.ts'
import { FileHighWaterMarks, FolderFetcher, HttpFetcher, UpdateClient } from '../index.ts'

/**
 * One refresh in a process of its own: `node refresh-process.ts <url or "folder"> <folder> <now in ms>`, where "folder" reads
 * `<folder>/published`. Prints the outcome's kind.
 */
const [, , url = '', folder = '', now = '0'] = process.argv
const client = new UpdateClient({
  fetcher:
    url === 'folder' ? new FolderFetcher({ folder: `${folder}/published` }) : new HttpFetcher({ repositoryUrl: url }),
  stateFolder: `${folder}/state`,
  kitFolder: `${folder}/kit`,
  initialRoot: readFileSync(`${folder}/pinned/root.json`),
  policy: approvalPolicy.parse(JSON.parse(readFileSync(`${folder}/pinned/policy.json`, 'utf8'))),
  highWaterMarks: new FileHighWaterMarks({ folder: `${folder}/state`, logger: silentLogger }),
  clock: new ManualClock(Number(now)),
  logger: silentLogger,
})
const outcome = await client.refresh()
process.stdout.write(outcome.kind === 'verified' ? `verified ${outcome.releases.length}` : JSON.stringify(outcome))

import { join } from 'node:path'
import { systemClock } from '@leadglass/sync-agent/foundation'
import { openHubDatabase } from '../../storage/database.ts'
import { LakeCatalog } from '../catalog.ts'
import { LakeFiles } from '../files.ts'
import { SqliteLakeSource } from '../sqlite-source.ts'
import { LakeWriter } from '../writer.ts'

// A process that is there to be killed: carries the envelopes of a hub's folder into its lake, few at a time.
const [folder = '', batch = '8'] = process.argv.slice(2)
const database = openHubDatabase(folder)
const files = new LakeFiles(join(folder, 'lake'))
const catalog = new LakeCatalog(database, systemClock)
await new LakeWriter(new SqliteLakeSource(database), catalog, files, Number(batch)).catchUp()
database.close()

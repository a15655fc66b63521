import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startPeer } from './dcmtk.ts'

/** DCMTK's archive, `ARCHIVE`, which knows the move destination `LEADGLASS` at `listenerPort`. */
export async function startArchive(
  program: string,
  listenerPort: number,
): Promise<{ port: number; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'leadglass-dcmqrscp-'))
  const port = await freePort()
  mkdirSync(join(folder, 'store'))
  const configuration = [
    `NetworkTCPPort = ${port}`,
    'MaxPDUSize = 131072',
    'MaxAssociations = 16',
    'HostTable BEGIN',
    `leadglass = (LEADGLASS, 127.0.0.1, ${listenerPort})`,
    'HostTable END',
    'VendorTable BEGIN',
    'VendorTable END',
    'AETable BEGIN',
    `ARCHIVE ${join(folder, 'store')} RW (200, 1024mb) ANY`,
    'AETable END',
    '',
  ]
  writeFileSync(join(folder, 'dcmqrscp.cfg'), configuration.join('\n'))
  const process = await startPeer(program, port, ['-c', join(folder, 'dcmqrscp.cfg')])
  return {
    port,
    stop: async () => {
      await process.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

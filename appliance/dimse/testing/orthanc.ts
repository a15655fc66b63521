import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort, startPeer } from './dcmtk.ts'

/** A real Orthanc with storage of its own that knows one modality, `leadglass`, at `listenerPort`. */
export interface Orthanc {
  readonly dicomPort: number
  get(path: string): Promise<unknown>
  post(path: string, body: unknown): Promise<unknown>
  stop(): Promise<void>
}

export async function startOrthanc(program: string, listenerPort: number): Promise<Orthanc> {
  const folder = mkdtempSync(join(tmpdir(), 'leadglass-orthanc-'))
  const [dicomPort, httpPort] = [await freePort(), await freePort()]
  const configuration = {
    Name: 'peer',
    StorageDirectory: folder,
    IndexDirectory: folder,
    Plugins: [],
    HttpPort: httpPort,
    DicomPort: dicomPort,
    DicomAet: 'ORTHANC',
    DicomCheckCalledAet: true,
    RemoteAccessAllowed: false,
    DicomModalities: { leadglass: { AET: 'LEADGLASS', Host: '127.0.0.1', Port: listenerPort } },
    DicomAlwaysAllowGet: true,
    DicomAlwaysAllowMove: true,
    DicomAlwaysAllowFind: true,
  }
  writeFileSync(join(folder, 'configuration.json'), JSON.stringify(configuration))
  const process = await startPeer(program, dicomPort, [join(folder, 'configuration.json')])
  const answer = async (path: string, init?: RequestInit) => {
    const response = await fetch(`http://127.0.0.1:${httpPort}${path}`, init)
    return response.ok ? response.json() : undefined
  }
  return {
    dicomPort,
    get: (path) => answer(path),
    post: (path, body) => answer(path, { method: 'POST', body: JSON.stringify(body) }),
    stop: async () => {
      await process.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

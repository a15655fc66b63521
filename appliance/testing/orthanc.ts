import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { eventually } from './appliance-process.ts'

/** A real Orthanc with a configuration and ports of its own, as the PACS of a test. */
export class OrthancProcess {
  readonly #program: string
  readonly #folder: string
  #child: ChildProcess | undefined
  dicomPort = 0
  httpPort = 0

  constructor(program: string, folder: string) {
    this.#program = program
    this.#folder = folder
  }

  /** Chooses ports once, so that it comes back at the same address. */
  async prepare(): Promise<void> {
    this.dicomPort = await freePort()
    this.httpPort = await freePort()
    await mkdir(join(this.#folder, 'storage'), { recursive: true })
    await writeFile(
      join(this.#folder, 'orthanc.json'),
      JSON.stringify({
        Name: 'Test PACS',
        StorageDirectory: join(this.#folder, 'storage'),
        IndexDirectory: join(this.#folder, 'storage'),
        Plugins: [],
        DicomAet: 'PACS',
        DicomPort: this.dicomPort,
        HttpPort: this.httpPort,
        HttpBindAddresses: ['127.0.0.1'],
        RemoteAccessAllowed: false,
        AuthenticationEnabled: false,
        DicomAlwaysAllowStore: true,
      }),
    )
  }

  async start(): Promise<void> {
    this.#child = spawn(this.#program, [join(this.#folder, 'orthanc.json')], { stdio: 'ignore' })
    await eventually(
      () =>
        fetch(`${this.url}/system`).then(
          (response) => (response.ok ? true : undefined),
          () => undefined,
        ),
      'Orthanc',
    )
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGTERM')
    await exited
  }

  get url(): string {
    return `http://127.0.0.1:${this.httpPort}`
  }

  /** Orthanc's identifiers of all instances it holds. */
  async instances(): Promise<readonly string[]> {
    return (await (await fetch(`${this.url}/instances`)).json()) as string[]
  }

  /** Tags of one instance by name. */
  async tags(instance: string): Promise<Readonly<Record<string, unknown>>> {
    return (await (await fetch(`${this.url}/instances/${instance}/simplified-tags`)).json()) as Record<string, unknown>
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

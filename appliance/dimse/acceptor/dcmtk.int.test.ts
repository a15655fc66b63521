import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { peer, sharedData } from '../../../installer/testing/peers.ts'
import { parseFileMeta, splitPart10 } from '../part10.ts'
import { freePort, runDcmtk, startPeer } from '../testing/dcmtk.ts'
import { startListener } from '../testing/listener.ts'

const storescu = peer('storescu')
const storescp = peer('storescp')
const echoscu = peer('echoscu')
const data = sharedData('dicom')

/** What makes storescu offer a transfer syntax. */
const PROPOSE: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2': '-xi',
  '1.2.840.10008.1.2.1': '-xe',
  '1.2.840.10008.1.2.1.99': '-xd',
  '1.2.840.10008.1.2.2': '-xb',
  '1.2.840.10008.1.2.4.50': '-xy',
  '1.2.840.10008.1.2.4.51': '-xx',
  '1.2.840.10008.1.2.4.70': '-xs',
  '1.2.840.10008.1.2.4.80': '-xt',
  '1.2.840.10008.1.2.4.81': '-xu',
  '1.2.840.10008.1.2.4.90': '-xv',
  '1.2.840.10008.1.2.4.91': '-xw',
  '1.2.840.10008.1.2.5': '-xr',
}

const missing = storescu === undefined || storescp === undefined || echoscu === undefined
describe.skipIf(missing)('DCMTK as the caller [needs dcmtk]', () => {
  let listener: Awaited<ReturnType<typeof startListener>>
  beforeAll(async () => {
    listener = await startListener()
  })
  afterAll(async () => {
    await listener.server.stop()
  })

  it('echoscu gets its echo', async () => {
    const { code, output } = await runDcmtk('echoscu', '-v', '127.0.0.1', String(listener.port))
    expect(output).toContain('Received Echo Response (Success)')
    expect(code).toBe(0)
  })

  it('echoscu with 128 contexts and small PDUs gets its echo', async () => {
    const { code } = await runDcmtk('echoscu', '-ppc', '128', '-pdu', '4096', '127.0.0.1', String(listener.port))
    expect(code).toBe(0)
  })

  it('an association that is aborted by echoscu ends as such', async () => {
    const before = listener.storage.ended.length
    await runDcmtk('echoscu', '--abort', '127.0.0.1', String(listener.port))
    await expect.poll(() => listener.storage.ended[before]?.how).toBe('aborted')
  })

  describe.skipIf(data === undefined)('with the shared data [needs ../shared/data]', () => {
    it('storescu with a user identity and a wanted answer gets both', async () => {
      const identity = ['-usr', 'someone', '-pwd', 'something', '-rsp']
      const file = join(data ?? '', 'pydicom', 'CT_small.dcm')
      const { code } = await runDcmtk('storescu', ...identity, '127.0.0.1', String(listener.port), file)
      expect(code).toBe(0)
    })

    it('every data set that storescu can send arrives as storescp receives it', async () => {
      const received = await compareWithStorescp(listener, data ?? '')
      expect(received.different).toEqual([])
      expect(received.onlyStorescp).toEqual([])
      expect(received.identical).toBeGreaterThanOrEqual(220)
      expect([...received.transferSyntaxes].sort()).toEqual(Object.keys(PROPOSE).sort())
    }, 300_000)
  })
})

/** Sends every file below `folder` to storescp, which writes bit for bit what it gets, and to the listener. */
async function compareWithStorescp(listener: Awaited<ReturnType<typeof startListener>>, folder: string) {
  const { storage, port } = listener
  const output = mkdtempSync(join(tmpdir(), 'leadglass-storescp-'))
  const oraclePort = await freePort()
  const oracle = await startPeer('storescp', oraclePort, [
    '+B',
    '+xa',
    '-pm',
    '-od',
    output,
    '-pdu',
    '131072',
    String(oraclePort),
  ])
  const result = {
    identical: 0,
    different: [] as string[],
    onlyStorescp: [] as string[],
    transferSyntaxes: new Set<string>(),
  }
  try {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      const path = join(folder, name)
      if (!statSync(path).isFile()) continue
      const send = async (to: number) =>
        runDcmtk('storescu', await proposal(path), '-R', '--max-pdu', '131072', '127.0.0.1', String(to), path)
      storage.instances.length = 0
      for (const old of readdirSync(output)) rmSync(join(output, old))
      await send(port)
      await send(oraclePort)
      const [file] = readdirSync(output)
      const [instance] = storage.instances
      if (file === undefined) continue
      if (instance === undefined) {
        result.onlyStorescp.push(name.split('/').at(-1) ?? name)
        continue
      }
      const bytes = readFileSync(join(output, file))
      const parsed = parseFileMeta(bytes)
      if (
        parsed?.meta.transferSyntaxUid === instance.facts.transferSyntaxUid &&
        parsed.meta.sopInstanceUid === instance.facts.sopInstanceUid &&
        instance.dataSet.equals(bytes.subarray(parsed.dataSetOffset))
      ) {
        result.identical += 1
        result.transferSyntaxes.add(instance.facts.transferSyntaxUid)
      } else result.different.push(name)
    }
  } finally {
    await oracle.stop()
    rmSync(output, { recursive: true, force: true })
  }
  return result
}

async function proposal(path: string): Promise<string> {
  try {
    return PROPOSE[(await splitPart10(path)).transferSyntaxUid] ?? '-xe'
  } catch {
    // No file meta: storescu guesses, and offers the uncompressed syntaxes.
    return '-xe'
  }
}

import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { silentProgress } from '../cli/progress.ts'
import { iotHubPortsOf, layoutOf, portsFrom } from './layout.ts'
import { freePortBase } from './ports.ts'
import { bringUp } from './up.ts'

describe('the ports of an instance', () => {
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'leadglass-ports-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it.each(['iotHubMqtt', 'iotHubHttps'] as const)(
    'are looked at before anything is made, %s among them where devices speak to an IoT hub',
    async (name) => {
      const base = await freePortBase(7)
      const taken = iotHubPortsOf(portsFrom(base))[name]
      const other = createServer()
      await new Promise<void>((resolve) => other.listen(taken, '127.0.0.1', resolve))
      try {
        const layout = layoutOf(join(folder, 'data'))
        const up = bringUp({
          layout,
          portBase: base,
          defaultPortBase: base,
          host: undefined,
          transport: 'azure-iot',
          empty: true,
          progress: silentProgress,
          onRestart: () => undefined,
        })
        await expect(up).rejects.toThrow(`${taken} (${name})`)
        await expect(up).rejects.toMatchObject({ code: 'port-in-use' })
      } finally {
        await new Promise((resolve) => other.close(resolve))
      }
    },
  )
})

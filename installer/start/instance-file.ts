import { readFile } from 'node:fs/promises'
import { writeFileAtomically } from '@leadglass/sync-agent/foundation'
import { z } from 'zod'
import { InstallerError } from '../errors.ts'
import { type InstanceLayout, LOOPBACK } from './layout.ts'

const port = z.number().int().min(1).max(65_535)

/** What a data folder says of the instance in it; commands find a running instance by it. */
export const instanceFile = z.strictObject({
  schema: z.literal('leadglass.instance/1'),
  device: z.string(),
  aeTitle: z.string(),
  /** Where the appliance listens. */
  host: z.ipv4(),
  /** Where the keys lie that protect the appliance's data; `secrets/` in its folder unless told. */
  keysFolder: z.string().optional(),
  ports: z.strictObject({ dimse: port, appliance: port, hub: port, mqtt: port }),
  /** How batches and answers travel between agent and hub; `mqtt` unless told. */
  transport: z.enum(['mqtt', 'azure-iot']).optional(),
  createdAt: z.iso.datetime(),
  /** The box gets its identity by joining the hub beside it; absent where the first start made the identity itself. */
  joins: z.boolean().optional(),
  /** Set once the first start has gone through to its end. */
  provisioned: z.boolean(),
})
export type InstanceFile = z.infer<typeof instanceFile>

/** An address under which this machine itself reaches the appliance. */
export function applianceHost(instance: InstanceFile): string {
  return instance.host === '0.0.0.0' ? LOOPBACK : instance.host
}

/** Reads the instance's file, or `undefined` when the folder holds no instance. */
export async function readInstanceFile(layout: InstanceLayout): Promise<InstanceFile | undefined> {
  const text = await readFile(layout.instanceFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (text === undefined) return undefined
  const parsed = instanceFile.safeParse(parseJson(text))
  if (!parsed.success) {
    throw new InstallerError('instance-file-invalid', {
      message: `${layout.instanceFile} is not an instance file of this version`,
      effect: 'nothing was started or changed',
      nextStep: 'restore the file from a backup, or point --data at another folder',
      cause: parsed.error,
    })
  }
  return parsed.data
}

/** Writes the instance's file. */
export async function writeInstanceFile(layout: InstanceLayout, instance: InstanceFile): Promise<void> {
  await writeFileAtomically(layout.instanceFile, `${JSON.stringify(instance, null, 2)}\n`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

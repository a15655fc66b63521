import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { readPackage } from '@leadglass/models'
import { importAnswer, modelList } from '@leadglass/ui/contract/hub-api'
import { approveCandidate } from '../approve/approve-candidate.ts'
import type { InstanceClient } from '../cli/client.ts'
import { CODE_FOLDERS } from './entries.ts'

/**
 * Brings the newest shipped version of each model into the registry and has it approved by the two evaluation keys,
 * through the same acts as any other version. Whatever is done already is left alone, so a start that was interrupted here
 * goes on here; a model of which this instance has another version with the same or a higher number is left alone too.
 * @returns versions that were approved now.
 */
export async function releaseShippedModels(client: InstanceClient): Promise<readonly string[]> {
  const released: string[] = []
  const { versions: known } = await client.request({
    service: 'hub',
    method: 'GET',
    path: '/api/models',
    schema: modelList,
  })
  for (const folder of await shippedPackages()) {
    const shipped = await readPackage(folder)
    const others = known.filter(
      ({ model }) => model.name === shipped.model.name && model.digest !== shipped.model.digest,
    )
    if (others.some(({ model }) => compareVersions(model.version, shipped.model.version) >= 0)) continue
    const { model } = await client.request({
      service: 'hub',
      method: 'POST',
      path: '/api/models/import',
      body: { folder },
      schema: importAnswer,
    })
    const { versions } = await client.request({ service: 'hub', method: 'GET', path: '/api/models', schema: modelList })
    const state = versions.find((version) => version.model.digest === model.digest)?.state
    if (state !== 'candidate') continue
    await approveCandidate(client, model)
    released.push(`${model.name} ${model.version}`)
  }
  return released
}

/** Orders `1.9.0` before `1.10.0`. */
function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}

async function shippedPackages(): Promise<string[]> {
  const folders: string[] = []
  for (const name of (await readdir(CODE_FOLDERS.shippedPackages)).sort()) {
    // Older versions stay in the program, since results name them and they are parents of newer ones.
    const newest = (await readdir(join(CODE_FOLDERS.shippedPackages, name))).sort(compareVersions).at(-1)
    if (newest !== undefined) folders.push(join(CODE_FOLDERS.shippedPackages, name, newest))
  }
  return folders
}

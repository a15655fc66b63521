import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { importAnswer, modelList } from '@leadglass/ui/contract/hub-api'
import { approveCandidate } from '../approve/approve-candidate.ts'
import type { InstanceClient } from '../cli/client.ts'
import { CODE_FOLDERS } from './entries.ts'

/**
 * Brings the shipped packages into the registry and has each approved by the two evaluation keys, through the same acts
 * as any other version. Whatever is done already is left alone, so a start that was interrupted here goes on here.
 * @returns versions that were approved now.
 */
export async function releaseShippedModels(client: InstanceClient): Promise<readonly string[]> {
  const released: string[] = []
  for (const folder of await shippedPackages()) {
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

async function shippedPackages(): Promise<string[]> {
  const folders: string[] = []
  for (const name of (await readdir(CODE_FOLDERS.shippedPackages)).sort()) {
    for (const version of (await readdir(join(CODE_FOLDERS.shippedPackages, name))).sort()) {
      folders.push(join(CODE_FOLDERS.shippedPackages, name, version))
    }
  }
  return folders
}

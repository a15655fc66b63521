import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readPackage } from '@leadglass/models'
import { digestOf } from '@leadglass/sync-agent/foundation'
import { type FakePackage, FakeRepository } from '../../sync-agent/updates/testing/fake-repository.ts'

/** The model package that ships with the product. */
export const SHIPPED_PACKAGE = join(import.meta.dirname, '..', '..', 'models/packages/chest-radiograph/1.0.0')

/** A package folder with its release statement, as two approvers would sign it. */
export async function packageForRelease(folder: string): Promise<FakePackage> {
  const found = await readPackage(folder)
  const manifest = await readFile(join(folder, 'manifest.json'))
  const blobs = await Promise.all(found.manifest.files.map((file) => readFile(join(folder, file.path))))
  return {
    manifest,
    blobs,
    statement: {
      schema: 'leadglass.release/1',
      model: { ...found.model, digest: digestOf(manifest) },
      releaseCounter: found.manifest.releaseCounter,
      author: 'trainer',
      signoffs: [
        { person: 'clinical-approver', role: 'clinical', meaning: 'approval' },
        { person: 'technical-approver', role: 'technical', meaning: 'approval' },
      ],
      rollbackOf: null,
    },
  }
}

/** A repository in which the package of a folder is approved and published. */
export async function approvedRepository(folder: string): Promise<FakeRepository> {
  const repository = new FakeRepository(Date.now())
  repository.list(await packageForRelease(folder))
  repository.publish()
  return repository
}

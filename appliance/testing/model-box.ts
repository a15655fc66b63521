import { join } from 'node:path'
import { localModelList } from '@leadglass/ui/contract/local-api'
import type { FakeRepository } from '../../sync-agent/updates/testing/fake-repository.ts'
import { initialiseAppliance } from '../commands.ts'
import { type ApplianceProcess, eventually } from './appliance-process.ts'

type Initial = Parameters<typeof initialiseAppliance>[0]

/** Initialises the data folder of an appliance that trusts a repository, with these settings and no accounts. */
export async function initialiseBox(
  appliance: ApplianceProcess,
  repository: Pick<FakeRepository, 'initialRoot' | 'policy'>,
  settings: Initial['settings'] = {},
): Promise<void> {
  await initialiseAppliance({
    folder: appliance.configuration.dataFolder,
    device: appliance.configuration.device as Initial['device'],
    accounts: [],
    trust: { initialRoot: repository.initialRoot, policy: repository.policy },
    settings,
  })
}

/** Lays what a repository published into the inbox of a running appliance, and waits until at least so many models are active. */
export async function activateModels(
  appliance: ApplianceProcess,
  repository: FakeRepository,
  models = 1,
): Promise<void> {
  await repository.writeTo(join(appliance.configuration.exchangeFolder, 'inbox', 'updates'))
  await eventually(async () => {
    const list = await appliance.get('/api/models', localModelList)
    return list.models.filter((one) => one.state === 'active').length >= models ? true : undefined
  }, `${models} active models`)
}

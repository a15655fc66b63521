import { fakePackage, type Part } from '../fake-repository.ts'
import { type Attack, onRepository, UNAPPROVED } from './attack.ts'

const on = onRepository.bind(undefined, 'delegation')

/** What the holders of the offline roles could change: in TUF the delegator decides, so the device pins it. */
export const DELEGATION_ATTACKS: readonly Attack[] = [
  on('extraneous dependencies: a model listed by the top-level role', 'listed-by-another-role', (repository) => {
    repository.list(fakePackage({ version: UNAPPROVED, releaseCounter: 6 }))
    repository.parts.targets.targets = repository.parts.approvedModels.targets
    repository.parts.approvedModels.targets = {}
    repository.publish()
  }),
  on('threshold of approvals lowered to one by the delegator', 'threshold-lowered', (repository) => {
    repository.list(fakePackage({ version: UNAPPROVED, releaseCounter: 6 }))
    ;(repository.delegation().roles[0] as Part).threshold = 1
    repository.signers['approved-models'] = [repository.clinical]
    repository.publish()
  }),
  on('threshold of the offline roles lowered to one by a new root', 'threshold-lowered', (repository) => {
    const roles = repository.rootRoles()
    ;(roles.roles as Record<string, Part>).targets = {
      ...(roles.roles as Record<string, Part>).targets,
      threshold: 1,
    }
    repository.parts.root = { ...repository.parts.root, version: 2, ...roles }
    repository.next('snapshot', 'timestamp')
    repository.publish()
  }),
  on('an extra delegation before the approved one', 'extra-delegation', (repository) => {
    const { roles } = repository.delegation()
    roles.unshift({ ...roles[0], name: 'quick-fixes', threshold: 1 })
    repository.publish()
  }),
  on('an extra delegation after the approved one', 'extra-delegation', (repository) => {
    const { roles } = repository.delegation()
    roles.push({ ...roles[0], name: 'quick-fixes', threshold: 1 })
    repository.publish()
  }),
  on('approved-models that delegates further', 'redelegated', (repository) => {
    repository.parts.approvedModels.delegations = { keys: {}, roles: [] }
    repository.publish()
  }),
  on('a delegation over wider paths than pinned', 'delegation-changed', (repository) => {
    ;(repository.delegation().roles[0] as Part).paths = ['*']
    repository.publish()
  }),
  on('a delegation that no longer ends the search', 'delegation-changed', (repository) => {
    ;(repository.delegation().roles[0] as Part).terminating = false
    repository.publish()
  }),
  on('a delegation that was removed', 'delegation-changed', (repository) => {
    repository.parts.targets.delegations = { keys: {}, roles: [] }
    repository.publish({ withoutApprovedModels: true })
  }),
  on('two delegations of one name', 'malformed-metadata', (repository) => {
    const { roles } = repository.delegation()
    roles.push({ ...roles[0], threshold: 1 })
    repository.publish()
  }),
]

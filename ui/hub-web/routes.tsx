import { type AsyncRouteComponent, createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { z } from 'zod'
import { lazyPage, openedWith } from '../shared/lazy-page.tsx'
import { NotFoundPage } from '../shared/not-found.tsx'
import { PageFailure } from '../shared/page-failure.tsx'
import { type NavigationEntry, PageFrame } from '../shared/page-frame.tsx'
import { auditSearch } from './audit-event.ts'
import { driftSearch } from './drift-words.ts'
import { FleetPage } from './pages/fleet.tsx'

// The fleet is the shell; another page's program comes when somebody opens it. Each page begins with `no-eval`, which thereby
// stands before every schema in what the pages share.
const ApprovalPage = lazyPage(() => import('./pages/approval.tsx'), 'ApprovalPage')
const ApprovalsPage = lazyPage(() => import('./pages/approvals.tsx'), 'ApprovalsPage')
const AuditPage = lazyPage(() => import('./pages/audit.tsx'), 'AuditPage')
const ComparisonPage = lazyPage(() => import('./pages/comparison.tsx'), 'ComparisonPage')
const DevicePage = lazyPage(() => import('./pages/device.tsx'), 'DevicePage')
const EnrolmentPage = lazyPage(() => import('./pages/enrolment.tsx'), 'EnrolmentPage')
const DriftPage = lazyPage(() => import('./pages/drift.tsx'), 'DriftPage')
const FairnessPage = lazyPage(() => import('./pages/fairness.tsx'), 'FairnessPage')
const PerformancePage = lazyPage(() => import('./pages/performance.tsx'), 'PerformancePage')
const LakePage = lazyPage(() => import('./pages/lake.tsx'), 'LakePage')
const RegistryPage = lazyPage(() => import('./pages/registry.tsx'), 'RegistryPage')
const ReportsPage = lazyPage(() => import('./pages/reports.tsx'), 'ReportsPage')
const RolloutsPage = lazyPage(() => import('./pages/rollouts.tsx'), 'RolloutsPage')
const SigningKeysPage = lazyPage(() => import('./pages/signing-keys.tsx'), 'SigningKeysPage')
const TrainingPage = lazyPage(() => import('./pages/training.tsx'), 'TrainingPage')
const VersionPage = lazyPage(() => import('./pages/version.tsx'), 'VersionPage')

const NAVIGATION: readonly NavigationEntry[] = [
  { to: '/', title: 'Fleet' },
  { to: '/enrolment', title: 'Enrolment' },
  { to: '/models', title: 'Registry' },
  { to: '/approvals', title: 'Approvals' },
  { to: '/rollouts', title: 'Rollouts' },
  { to: '/lake', title: 'Lake' },
  { to: '/training', title: 'Training' },
  { to: '/drift', title: 'Drift' },
  { to: '/performance', title: 'Performance' },
  { to: '/fairness', title: 'Fairness' },
  { to: '/audit', title: 'Audit' },
  { to: '/reports', title: 'Reports' },
]

const deviceParams = z.object({ device: z.string() })
const approvalParams = z.object({ approval: z.string() })
const comparisonParams = z.object({ name: z.string() })
const comparisonSearch = z.object({
  first: z.string().optional().catch(undefined),
  second: z.string().optional().catch(undefined),
})
const versionParams = z.object({ name: z.string(), version: z.string() })

/** The routes of the hub's pages. Made once: a router made again would forget what is on the screen. */
export function createHubRouter() {
  const root = createRootRoute({
    component: () => <PageFrame title="Leadglass hub" navigation={NAVIGATION} />,
    notFoundComponent: NotFoundPage,
  })
  const page = (path: string, component: AsyncRouteComponent<object>) =>
    createRoute({ getParentRoute: () => root, path, component })
  const device = createRoute({ getParentRoute: () => root, path: '/devices/$device' })
  device.update({ component: openedWith(DevicePage, () => <DevicePage {...deviceParams.parse(device.useParams())} />) })
  const version = createRoute({ getParentRoute: () => root, path: '/models/$name/$version' })
  version.update({
    component: openedWith(VersionPage, () => <VersionPage {...versionParams.parse(version.useParams())} />),
  })
  const approval = createRoute({ getParentRoute: () => root, path: '/approvals/$approval' })
  approval.update({
    component: openedWith(ApprovalPage, () => <ApprovalPage {...approvalParams.parse(approval.useParams())} />),
  })
  const comparison = createRoute({
    getParentRoute: () => root,
    path: '/models/$name/comparison',
    validateSearch: comparisonSearch,
  })
  comparison.update({
    component: openedWith(ComparisonPage, () => {
      const navigate = comparison.useNavigate()
      return (
        <ComparisonPage
          {...comparisonParams.parse(comparison.useParams())}
          view={comparisonSearch.parse(comparison.useSearch())}
          onView={(view) => void navigate({ search: view, replace: true })}
        />
      )
    }),
  })
  const drift = createRoute({ getParentRoute: () => root, path: '/drift', validateSearch: driftSearch })
  drift.update({ component: openedWith(DriftPage, () => <DriftPage view={driftSearch.parse(drift.useSearch())} />) })
  const audit = createRoute({ getParentRoute: () => root, path: '/audit', validateSearch: auditSearch })
  audit.update({
    component: openedWith(AuditPage, () => {
      const navigate = audit.useNavigate()
      return (
        <AuditPage
          query={auditSearch.parse(audit.useSearch())}
          onQuery={(query) => void navigate({ search: query, replace: true })}
        />
      )
    }),
  })
  return createRouter({
    defaultErrorComponent: PageFailure,
    routeTree: root.addChildren([
      page('/', FleetPage),
      page('/enrolment', EnrolmentPage),
      device,
      page('/models', RegistryPage),
      version,
      comparison,
      page('/approvals', ApprovalsPage),
      page('/approvals/keys', SigningKeysPage),
      approval,
      page('/rollouts', RolloutsPage),
      page('/lake', LakePage),
      page('/training', TrainingPage),
      page('/reports', ReportsPage),
      page('/performance', PerformancePage),
      page('/fairness', FairnessPage),
      drift,
      audit,
    ]),
  })
}

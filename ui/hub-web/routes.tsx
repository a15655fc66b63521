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
const ApprovalsPage = lazyPage(() => import('./pages/approvals.tsx'), 'ApprovalsPage')
const AuditPage = lazyPage(() => import('./pages/audit.tsx'), 'AuditPage')
const DevicePage = lazyPage(() => import('./pages/device.tsx'), 'DevicePage')
const DriftPage = lazyPage(() => import('./pages/drift.tsx'), 'DriftPage')
const RegistryPage = lazyPage(() => import('./pages/registry.tsx'), 'RegistryPage')
const TrainingPage = lazyPage(() => import('./pages/training.tsx'), 'TrainingPage')
const VersionPage = lazyPage(() => import('./pages/version.tsx'), 'VersionPage')

const NAVIGATION: readonly NavigationEntry[] = [
  { to: '/', title: 'Fleet' },
  { to: '/models', title: 'Registry' },
  { to: '/approvals', title: 'Approvals' },
  { to: '/training', title: 'Training' },
  { to: '/drift', title: 'Drift' },
  { to: '/audit', title: 'Audit' },
]

const deviceParams = z.object({ device: z.string() })
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
      device,
      page('/models', RegistryPage),
      version,
      page('/approvals', ApprovalsPage),
      page('/training', TrainingPage),
      drift,
      audit,
    ]),
  })
}

import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { z } from 'zod'
import { NotFoundPage } from '../shared/not-found.tsx'
import { type NavigationEntry, PageFrame } from '../shared/page-frame.tsx'
import { DevicePage } from './pages/device.tsx'
import { EgressPage } from './pages/egress.tsx'
import { QuarantinePage } from './pages/quarantine.tsx'
import { StudyPage } from './pages/study.tsx'
import { WorklistPage } from './pages/worklist.tsx'
import { viewSearch } from './worklist-query.ts'

const NAVIGATION: readonly NavigationEntry[] = [
  { to: '/', title: 'Worklist' },
  { to: '/quarantine', title: 'Quarantine' },
  { to: '/egress', title: 'What left the site' },
  { to: '/device', title: 'Device' },
]

const egressSearch = z.object({
  study: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional()
    .catch(undefined),
})

/** The routes of the console. Made once: a router made again would forget what is on the screen. */
export function createConsoleRouter() {
  const root = createRootRoute({
    component: () => <PageFrame title="Leadglass" navigation={NAVIGATION} />,
    notFoundComponent: NotFoundPage,
  })
  const worklist = createRoute({
    getParentRoute: () => root,
    path: '/',
    validateSearch: viewSearch,
    component: function Worklist() {
      return <WorklistPage view={worklist.useSearch()} />
    },
  })
  const study = createRoute({
    getParentRoute: () => root,
    path: '/studies/$study',
    validateSearch: viewSearch.pick({ scores: true }),
    component: function Study() {
      const name = study.useParams().study
      return <StudyPage key={name} study={name} hidden={study.useSearch().scores === 'hidden'} />
    },
  })
  const quarantine = createRoute({ getParentRoute: () => root, path: '/quarantine', component: QuarantinePage })
  const egress = createRoute({
    getParentRoute: () => root,
    path: '/egress',
    validateSearch: egressSearch,
    component: function Egress() {
      return <EgressPage study={egress.useSearch().study} />
    },
  })
  const device = createRoute({ getParentRoute: () => root, path: '/device', component: DevicePage })
  return createRouter({ routeTree: root.addChildren([worklist, study, quarantine, egress, device]) })
}

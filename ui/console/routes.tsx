import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { z } from 'zod'
import { studyState } from '../contract/local-api.ts'
import { type NavigationEntry, PageFrame } from '../shared/page-frame.tsx'
import type { Session } from '../shared/sign-in.tsx'
import { DevicePage } from './pages/device.tsx'
import { EgressPage } from './pages/egress.tsx'
import { QuarantinePage } from './pages/quarantine.tsx'
import { StudyPage } from './pages/study.tsx'
import { WorklistPage } from './pages/worklist.tsx'

const NAVIGATION: readonly NavigationEntry[] = [
  { to: '/', title: 'Worklist' },
  { to: '/quarantine', title: 'Quarantine' },
  { to: '/egress', title: 'What left the building' },
  { to: '/device', title: 'Device' },
]

/** Filters of the worklist live in the address, so that a view can be kept and shared. */
const worklistSearch = z.object({
  state: studyState.optional().catch(undefined),
  search: z.string().optional().catch(undefined),
})

/** The routes of the console for a signed-in person. */
export function createConsoleRouter(session: Session) {
  const root = createRootRoute({
    component: () => <PageFrame title="Leadglass" navigation={NAVIGATION} session={session} />,
  })
  const worklist = createRoute({
    getParentRoute: () => root,
    path: '/',
    validateSearch: worklistSearch,
    component: function Worklist() {
      const filter = worklist.useSearch()
      const navigate = worklist.useNavigate()
      return <WorklistPage filter={filter} onFilter={(search) => void navigate({ search, replace: true })} />
    },
  })
  const study = createRoute({
    getParentRoute: () => root,
    path: '/studies/$study',
    component: function Study() {
      return <StudyPage study={study.useParams().study} mayLabel={session.role !== 'technologist'} />
    },
  })
  const quarantine = createRoute({ getParentRoute: () => root, path: '/quarantine', component: QuarantinePage })
  const egress = createRoute({ getParentRoute: () => root, path: '/egress', component: EgressPage })
  const device = createRoute({ getParentRoute: () => root, path: '/device', component: DevicePage })
  return createRouter({ routeTree: root.addChildren([worklist, study, quarantine, egress, device]) })
}

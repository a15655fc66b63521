import { createRootRoute, createRoute, createRouter } from '@tanstack/react-router'
import { z } from 'zod'
import { NotFoundPage } from '../shared/not-found.tsx'
import { type NavigationEntry, PageFrame } from '../shared/page-frame.tsx'
import { DevicePage } from './pages/device.tsx'
import { EgressPage } from './pages/egress.tsx'
import { QuarantinePage } from './pages/quarantine.tsx'
import { ReviewPage, ReviewsPage } from './pages/review.tsx'
import { StudyPage } from './pages/study.tsx'
import { WorklistPage } from './pages/worklist.tsx'
import { viewSearch } from './worklist-query.ts'

const NAVIGATION: readonly NavigationEntry[] = [
  { to: '/', title: 'Worklist' },
  { to: '/quarantine', title: 'Quarantine' },
  { to: '/pixels', title: 'Pixels' },
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

const studySearch = viewSearch.pick({ scores: true })
const studyParams = z.object({ study: z.string() })
const reviewSearch = z.object({ state: z.enum(['held', 'released', 'refused']).optional().catch(undefined) })
const reviewParams = z.object({ review: z.string() })

/** The routes of the console. Made once: a router made again would forget what is on the screen. */
export function createConsoleRouter() {
  const root = createRootRoute({
    component: () => <PageFrame title="Leadglass" navigation={NAVIGATION} />,
    notFoundComponent: NotFoundPage,
  })
  const page = (path: string, component: () => React.JSX.Element) =>
    createRoute({ getParentRoute: () => root, path, component })
  const worklist = createRoute({ getParentRoute: () => root, path: '/', validateSearch: viewSearch })
  worklist.update({ component: () => <WorklistPage view={viewSearch.parse(worklist.useSearch())} /> })
  const study = createRoute({
    getParentRoute: () => root,
    path: '/studies/$study',
    validateSearch: studySearch,
  })
  study.update({
    component: () => {
      const { study: name } = studyParams.parse(study.useParams())
      const { scores } = studySearch.parse(study.useSearch())
      return <StudyPage key={name} study={name} hidden={scores === 'hidden'} />
    },
  })
  const egress = createRoute({ getParentRoute: () => root, path: '/egress', validateSearch: egressSearch })
  egress.update({ component: () => <EgressPage study={egressSearch.parse(egress.useSearch()).study} /> })
  const reviews = createRoute({ getParentRoute: () => root, path: '/pixels', validateSearch: reviewSearch })
  reviews.update({ component: () => <ReviewsPage state={reviewSearch.parse(reviews.useSearch()).state ?? 'held'} /> })
  const review = createRoute({ getParentRoute: () => root, path: '/pixels/$review' })
  review.update({
    component: () => {
      const { review: number } = reviewParams.parse(review.useParams())
      return <ReviewPage key={number} review={number} />
    },
  })
  return createRouter({
    routeTree: root.addChildren([
      worklist,
      study,
      page('/quarantine', QuarantinePage),
      reviews,
      review,
      egress,
      page('/device', DevicePage),
    ]),
  })
}

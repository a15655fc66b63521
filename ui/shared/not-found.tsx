import { Link } from '@tanstack/react-router'
import { PageHead } from './page-head.tsx'

/** For an address that is no page. */
export function NotFoundPage() {
  return (
    <>
      <PageHead name="No such page" question="This address leads nowhere." queries={[]} />
      <p>
        <Link to="/">To the first page</Link>
      </p>
    </>
  )
}

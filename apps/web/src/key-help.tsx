/** The keys of the page, in a dialog. */
import { Modal } from './modal.tsx'
import { otherKeys, shortcuts } from './shortcuts.ts'

export function KeyHelp({ onClose }: { readonly onClose: () => void }) {
  return (
    <Modal titleId="keys-title" onClose={onClose}>
      <form method="dialog" onSubmit={onClose}>
        <h2 id="keys-title">Keys</h2>
        <dl className="keys-table">
          {[...shortcuts, ...otherKeys].map(({ keys, what }) => (
            <div key={what}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <div className="buttons">
          <button type="submit" className="button">
            Close
          </button>
        </div>
      </form>
    </Modal>
  )
}

/** The keys of the page, in a dialog. */
import { Modal } from './modal.tsx'
import { keyGroups } from './shortcuts.ts'

export function KeyHelp({ onClose }: { readonly onClose: () => void }) {
  return (
    <Modal titleId="keys-title" onClose={onClose}>
      <form method="dialog" onSubmit={onClose}>
        <h2 id="keys-title">Keys</h2>
        {keyGroups.map(({ title, keys: group }) => (
          <section key={title} className="keys-group">
            <h3>{title}</h3>
            <dl className="keys-table">
              {group.map(({ keys, what }) => (
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
          </section>
        ))}
        <div className="buttons">
          <button type="submit" className="button">
            Close
          </button>
        </div>
      </form>
    </Modal>
  )
}

/** Beside any page's own styles: every rule is below one class. */
export const css = `
.oncekey-devtools {
  --text: #1c1f24; --quiet: #5b6470; --line: #d8dde3; --chosen: #eaf1fb; --good: #12703c; --doubt: #8a5300; --bad: #b3261e;
  display: flex; flex-wrap: wrap; height: 100%; overflow: auto; color: var(--text); font: 13px/1.5 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) { .oncekey-devtools:not([data-theme='light']) {
  --text: #e6e9ed; --quiet: #9aa4b0; --line: #333a43; --chosen: #1d2a3a; --good: #6cd39a; --doubt: #f0b45c; --bad: #ff8a80;
} }
.oncekey-devtools[data-theme='dark'] {
  --text: #e6e9ed; --quiet: #9aa4b0; --line: #333a43; --chosen: #1d2a3a; --good: #6cd39a; --doubt: #f0b45c; --bad: #ff8a80;
}
.oncekey-devtools > section { flex: 1 1 320px; min-width: 0; padding: 12px 16px; }
.oncekey-devtools > section + section { border-left: 1px solid var(--line); }
.oncekey-devtools header { display: flex; gap: 12px; align-items: center; justify-content: space-between; margin-bottom: 8px; }
.oncekey-devtools h2 { font-size: 14px; font-weight: 600; margin: 0; }
.oncekey-devtools ul { list-style: none; margin: 0; padding: 0; }
.oncekey-devtools ol { margin: 12px 0; padding-left: 24px; }
.oncekey-devtools button { font: inherit; color: inherit; background: none; border: 1px solid var(--line); border-radius: 6px; padding: 2px 10px; cursor: pointer; }
.oncekey-devtools button:disabled { color: var(--quiet); cursor: default; }
.oncekey-devtools button:focus-visible { outline: 2px solid currentColor; outline-offset: 1px; }
.oncekey-devtools .row { display: flex; flex-wrap: wrap; gap: 4px 12px; width: 100%; text-align: left; border-width: 0 0 1px; border-radius: 0; padding: 6px 4px; }
.oncekey-devtools .row[aria-pressed='true'] { background: var(--chosen); }
.oncekey-devtools .operation { font-weight: 600; }
.oncekey-devtools .count, .oncekey-devtools dt, .oncekey-devtools .empty { color: var(--quiet); }
.oncekey-devtools .state { min-width: 72px; }
.oncekey-devtools .state[data-state='succeeded'] { color: var(--good); }
.oncekey-devtools .state[data-state='unknown'] { color: var(--doubt); }
.oncekey-devtools .state[data-state='refused'], .oncekey-devtools .state[data-state='failed'] { color: var(--bad); }
.oncekey-devtools dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 4px 16px; margin: 0; }
.oncekey-devtools dd { margin: 0; overflow-wrap: anywhere; }
.oncekey-devtools pre { margin: 0; white-space: pre-wrap; font-size: 12px; }
.oncekey-devtools .actions { display: flex; flex-wrap: wrap; gap: 8px; }
`;

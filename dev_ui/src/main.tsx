import "~/style/tokens.css";
import "~/style/page.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "~/shell/App";
import { withoutCredential } from "~/shell/addresses";
import { start } from "~/shell/workspace";

function enter(): void {
  start(location, sessionStorage);
  history.replaceState(null, "", withoutCredential(location));
}

enter();
// A link with another token, or to another notebook, in the same tab.
addEventListener("hashchange", enter);

const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );

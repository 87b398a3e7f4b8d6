import "~/style/tokens.css";
import "~/style/page.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "~/shell/App";
import { withoutCredential } from "~/shell/addresses";
import { start } from "~/shell/workspace";

start(location, sessionStorage);
history.replaceState(null, "", withoutCredential(location));

const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );

// Before the first paint: the reader's own choice of light or dark, or the system's where there is none.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const choice = root.dataset.theme;
    root.dataset.bsTheme = choice === "dark" || (choice !== "light" && dark.matches) ? "dark" : "light";
    dispatchEvent(new CustomEvent("theme"));
  };
  dark.addEventListener("change", apply);
  addEventListener("theme:choose", (event) => {
    root.dataset.theme = event.detail;
    document.cookie = `theme=${event.detail}; path=/; max-age=31536000; samesite=lax`;
    apply();
  });
  apply();
})();

// What the page's scripts say, in the reader's language.
export const words = JSON.parse(document.getElementById("words").textContent);

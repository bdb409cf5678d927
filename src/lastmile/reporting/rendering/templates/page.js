const button = document.getElementById("all-code");
const folds = [...document.querySelectorAll("details.code")];
const label = () => {
  button.textContent = folds.every((fold) => fold.open) ? "Hide all code" : "Show all code";
};
button.addEventListener("click", () => {
  const open = !folds.every((fold) => fold.open);
  for (const fold of folds) fold.open = open;
});
for (const fold of folds) fold.addEventListener("toggle", label);
button.hidden = false;
label();

// "Look around where I am": the only thing on the first screen that needs a script.
// The point goes into the address, four decimals (about ten metres), and nowhere else.
for (const link of document.querySelectorAll("[data-near]")) {
  if (!navigator.geolocation) break;
  link.hidden = false;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    link.setAttribute("aria-busy", "true");
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const there = new URL(link.dataset.near, location.href);
        there.search = location.search;
        there.searchParams.delete("town");
        there.searchParams.set("near", `${coords.latitude.toFixed(4)},${coords.longitude.toFixed(4)}`);
        location.assign(there);
      },
      () => location.assign(link.href),
      { timeout: 10000, maximumAge: 60000 },
    );
  });
}

"""The page of `rfcalc report`: its data, and the file that holds them. What the page does with them is made in web/."""

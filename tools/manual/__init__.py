"""The manual as a site (`make docs`): the Markdown of docs/, reference pages made from the code, built by Sphinx."""

"""The pages on which a merchant's customer pays: rendered here, whole without JavaScript.

A cheap telephone on a slow network gets one document and one small script, and can do without the
script. The address of a page is the only secret it needs: there are no cookies.
"""

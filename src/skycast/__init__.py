"""The example of this repository: Seattle's weather, and "will it rain tomorrow?".

In the order data passes through it::

    data        1,461 days as NOAA recorded them, 2012 to 2015
    units       millimetres or inches, degrees Celsius or Fahrenheit
    months      one month against the normals of other years: frames
    words       ... as a paragraph
    tables      ... as plain tables
    charts      the one style of all charts, and how a chart is shown
    month_charts    ... the month as four charts
    features    a day as a raw row, and whether the next one was wet
    scoring     four numbers for how good forecast chances were
    training    families compared in order of time, the winner fitted
    evaluation  how the winner did on the year that it never saw
    cost        how long one answer takes
    card        ... as words and small tables
    model_charts    ... as charts
"""

using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Sections.Grid;

/// <summary>Quality over the options in which the arms differ.</summary>
/// <param name="Width">The class of the box: `wide` for one of a usual width, `wider`, or `full` for all of the page's.</param>
internal sealed record GridModel(Html Legend, Html Chart, string Width, string Note, Html Sql);

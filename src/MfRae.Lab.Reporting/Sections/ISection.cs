using MfRae.Lab.Reporting.Data;

namespace MfRae.Lab.Reporting.Sections;

/// <summary>A section computes a record of finished texts and drawings; the template `Sections/NAME/name.sbn-html` places them.</summary>
internal interface ISection
{
    /// <summary>The folder of the template and, in lower case, the anchor.</summary>
    string Name { get; }

    string Title { get; }

    /// <summary>Whether the experiment has what the section shows; without it, the page does not have the section.</summary>
    bool Has(ReportData data) => true;

    /// <summary>A record whose properties are strings, <see cref="Markup.Html"/>, or lists of such records.</summary>
    object Model(ReportData data);
}

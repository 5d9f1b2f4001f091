using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections.Cost;
using MfRae.Lab.Reporting.Sections.Curves;
using MfRae.Lab.Reporting.Sections.Derivatives;
using MfRae.Lab.Reporting.Sections.EvaluationReliability;
using MfRae.Lab.Reporting.Sections.Failures;
using MfRae.Lab.Reporting.Sections.Grid;
using MfRae.Lab.Reporting.Sections.Options;
using MfRae.Lab.Reporting.Sections.Oracle;
using MfRae.Lab.Reporting.Sections.Progress;
using MfRae.Lab.Reporting.Sections.Provenance;
using MfRae.Lab.Reporting.Sections.Question;
using MfRae.Lab.Reporting.Sections.Results;
using MfRae.Lab.Reporting.Sections.Samples;
using MfRae.Lab.Reporting.Sections.Stages;
using MfRae.Lab.Reporting.Sections.Verdicts;
using MfRae.Lab.Reporting.Sections.Versions;

namespace MfRae.Lab.Reporting.Sections;

/// <summary>The sections of a report, in order. A new one is a folder and a line here.</summary>
internal static class SectionList
{
    public static IReadOnlyList<ISection> All() =>
    [
        new QuestionSection(),
        new VerdictSection(),
        new ResultsSection(),
        new GridSection(),
        new DerivativesSection(),
        new OracleSection(),
        new EvaluationReliabilitySection(),
        new CurvesSection(),
        new ProgressSection(),
        new CostSection(),
        new SamplesSection(),
        new OptionsSection(),
        new StagesSection(),
        new FailuresSection(),
        new VersionsSection(),
        new ProvenanceSection(),
    ];
}

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

using MfRae.Lab.Reporting.Data;
using MfRae.Lab.Reporting.Markup;
using MfRae.Lab.Reporting.Sections.Cost;
using MfRae.Lab.Reporting.Sections.Curves;
using MfRae.Lab.Reporting.Sections.Derivatives;
using MfRae.Lab.Reporting.Sections.Divergence;
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

/// <summary>The sections of a report, in order. To add a section, add a folder and a line here.</summary>
internal static class SectionList
{
    public static IReadOnlyList<ISection> All() =>
    [
        new QuestionSection(),
        new VerdictSection(),
        new ResultsSection(),
        new GridSection(),
        new DivergenceSection(),
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

/// <summary>A section of a report. It computes texts, numbers and charts; the template `Sections/NAME/name.sbn-html` contains the markup.</summary>
internal interface ISection
{
    /// <summary>The folder of the template and, in lower case, the anchor.</summary>
    string Name { get; }

    /// <summary>The heading.</summary>
    string Title { get; }

    /// <summary>Whether the page contains the section: whether the experiment has data for it.</summary>
    bool Has(ReportData data) => true;

    /// <summary>An object whose properties are the variables of the template: strings, charts as <see cref="Markup.Html"/>, and lists of such objects.</summary>
    object Model(ReportData data);
}

using System.Reflection;
using System.Text.RegularExpressions;

namespace Architecture.Tests;

/// <summary>Cli → {Learning, Tracking, Reporting} → Core → BCL; the middle three never see each other.</summary>
public sealed partial class ReferenceTests
{
    private static readonly string[] Libraries = ["MfRae.Lab.Core", "MfRae.Lab.Learning", "MfRae.Lab.Database", "MfRae.Lab.Reporting"];

    [Theory]
    [InlineData("src/MfRae.Lab.Core/MfRae.Lab.Core.csproj", "")]
    [InlineData("src/MfRae.Lab.Learning/MfRae.Lab.Learning.csproj", "MfRae.Lab.Core")]
    [InlineData("src/MfRae.Lab.Database/MfRae.Lab.Database.csproj", "MfRae.Lab.Core")]
    [InlineData("src/MfRae.Lab.Reporting/MfRae.Lab.Reporting.csproj", "MfRae.Lab.Core")]
    [InlineData("MfRae.Lab.csproj", "MfRae.Lab.Core MfRae.Lab.Learning MfRae.Lab.Database MfRae.Lab.Reporting")]
    public void A_project_references_only_the_layer_below_it(string project, string expected)
    {
        var references = Repository.Xml(project).Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));

        references.Should().BeEquivalentTo(expected.Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("MfRae.Lab.Core", "")]
    [InlineData("MfRae.Lab.Learning", "MfRae.Lab.Core")]
    [InlineData("MfRae.Lab.Database", "MfRae.Lab.Core")]
    [InlineData("MfRae.Lab.Reporting", "MfRae.Lab.Core")]
    public void A_compiled_library_sees_no_sibling(string library, string allowed) =>
        References(library).Intersect(Libraries).Should().BeSubsetOf(allowed.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    [Fact]
    public void Core_uses_nothing_but_the_base_class_library()
    {
        References("MfRae.Lab.Core")
            .Should().OnlyContain(name => name.StartsWith("System", StringComparison.Ordinal) || name == "Microsoft.Win32.Primitives");
        Repository.Xml("src/MfRae.Lab.Core/MfRae.Lab.Core.csproj").Descendants("PackageReference").Should().BeEmpty();
    }

    [Theory]
    [InlineData("TorchSharp", "MfRae.Lab.Learning")]
    [InlineData("Microsoft.Data.Sqlite", "MfRae.Lab.Database")]
    [InlineData("Dapper", "MfRae.Lab.Database")]
    [InlineData("Parquet", "MfRae.Lab.Database")]
    [InlineData("Scriban", "MfRae.Lab.Reporting")]
    [InlineData("Spectre.Console", "MfRae.Lab")]
    [InlineData("System.CommandLine", "MfRae.Lab")]
    public void A_package_is_used_by_one_assembly_only(string package, string owner)
    {
        foreach (var assembly in Libraries.Append("MfRae.Lab").Where(assembly => assembly != owner))
            References(assembly).Should().NotContain(package, "{0} belongs to {1}", package, owner);
    }

    [Theory]
    [InlineData("MfRae.Lab.Core")]
    [InlineData("MfRae.Lab.Learning")]
    [InlineData("MfRae.Lab.Database")]
    [InlineData("MfRae.Lab.Reporting")]
    public void A_library_leaves_the_console_alone(string library)
    {
        References(library).Should().NotContain("System.Console");
        foreach (var source in Repository.Sources("src/" + library))
            ConsoleUse().IsMatch(Repository.Text(source)).Should().BeFalse("{0} may not use the console", source);
    }

    [Theory]
    [InlineData("torch", @"\bTorchSharp\b", "src/MfRae.Lab.Learning/")]
    [InlineData("SQL connections", @"\bSqliteConnection\b", "src/MfRae.Lab.Database/")]
    [InlineData("templates", @"\bScriban\b", "src/MfRae.Lab.Reporting/")]
    public void A_technology_appears_in_the_sources_of_one_library(string what, string pattern, string home)
    {
        var users = Repository.Sources("src")
            .Where(source => !source.StartsWith(home, StringComparison.Ordinal)
                && Regex.IsMatch(Repository.Text(source), "(?m)^(?!\\s*//).*" + pattern));

        users.Should().BeEmpty("{0} belong to {1}", what, home);
    }

    private static IReadOnlyList<string> References(string assembly) =>
        Assembly.Load(assembly).GetReferencedAssemblies().Select(name => name.Name!).ToList();

    [GeneratedRegex(@"(?<![\w.])(System\.)?Console\s*\.\s*(Write|Out|Error|In|Read|Set|Open|CancelKeyPress|Is)")]
    private static partial Regex ConsoleUse();
}

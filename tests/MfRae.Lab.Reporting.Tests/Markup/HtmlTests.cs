using MfRae.Lab.Reporting.Markup;

namespace MfRae.Lab.Reporting.Tests.Markup;

public sealed class HtmlTests
{
    [Fact]
    public void Strings_in_holes_are_escaped_for_content_and_attributes() =>
        Html.Of($"<a title=\"{"\"'<&>"}\">{"<b>"}</a>").ToString().Should().Be("<a title=\"&quot;&#39;&lt;&amp;&gt;\">&lt;b&gt;</a>");

    [Fact]
    public void Markup_in_holes_is_placed_as_it_is() => Html.Of($"<p>{Html.Text("1 < 2")}</p>").ToString().Should().Be("<p>1 &lt; 2</p>");

    [Fact]
    public void Control_characters_do_not_reach_the_page() => Html.Text("a\0b\u001b\r\nc").ToString().Should().Be("a\uFFFDb\uFFFD\nc");

    [Fact]
    public void The_default_is_nothing() => default(Html).ToString().Should().BeEmpty();
}
